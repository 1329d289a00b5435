<?php
/**
 * The "refunded" mail goes when the money has moved, and once.
 *
 * @package Pef_Refunds
 */

namespace Pef_Refunds;

defined( 'ABSPATH' ) || exit;

/**
 * Holds WooCommerce's two refund mails to the customer, and sends them later as they are.
 */
final class Mails {

	const META = '_pef_mail';
	const SENT = 'sent';

	/**
	 * Whether a held mail is being sent right now.
	 *
	 * @var bool
	 */
	private static $sending = false;

	/**
	 * Hooks into the switch of both mails.
	 */
	public static function hook() {
		add_filter( 'woocommerce_email_enabled_customer_refunded_order', array( self::class, 'hold' ), 99, 3 );
		add_filter( 'woocommerce_email_enabled_customer_partially_refunded_order', array( self::class, 'hold' ), 99, 3 );
	}

	/**
	 * Answers "not now" and remembers it on the refund.
	 *
	 * @param bool           $enabled Whether the owner has switched the mail on.
	 * @param mixed          $order   The order, or nothing on a settings page.
	 * @param \WC_Email|null $email   The mail, which knows the refund.
	 * @return bool
	 */
	public static function hold( $enabled, $order, $email = null ) {
		$refund = isset( $email->refund ) ? $email->refund : null;
		if ( ! $enabled || self::$sending || ! Settings::holds() || ! $order || ! Ours::refund( $refund ) ) {
			return $enabled;
		}
		if ( 'refunded' === Record::state_of( $order, $refund->get_id() ) ) {
			return $enabled;
		}
		$refund->update_meta_data( self::META, empty( $email->partial_refund ) ? 'full' : 'partial' );
		$refund->save();
		// The service may have written the end of it while this was decided.
		Settling::later( $order->get_id() );
		return false;
	}

	/**
	 * Whether this refund's mail waits.
	 *
	 * @param \WC_Order_Refund $refund The refund.
	 */
	public static function is_held( $refund ): bool {
		return in_array( $refund->get_meta( self::META ), array( 'full', 'partial' ), true );
	}

	/**
	 * Sends a held mail. It is marked before it is sent, so that it can't be sent twice.
	 *
	 * @param \WC_Order        $order  The order.
	 * @param \WC_Order_Refund $refund The refund.
	 */
	public static function release( $order, $refund ) {
		if ( ! self::is_held( $refund ) ) {
			return;
		}
		$partial = 'partial' === $refund->get_meta( self::META );
		$refund->update_meta_data( self::META, self::SENT );
		$refund->save();
		self::$sending = true;
		try {
			foreach ( WC()->mailer()->get_emails() as $email ) {
				if ( $email instanceof \WC_Email_Customer_Refunded_Order ) {
					$email->trigger( $order->get_id(), $partial, $refund->get_id() );
				}
			}
		} finally {
			self::$sending = false;
		}
		/* translators: %d: refund number */
		$order->add_order_note( esc_html( sprintf( __( 'Refund #%d: the customer has now been told by mail.', 'pef-refunds' ), $refund->get_id() ) ) );
	}
}
