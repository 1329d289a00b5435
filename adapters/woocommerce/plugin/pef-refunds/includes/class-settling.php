<?php
/**
 * When the service has written onto an order, what waited for it happens.
 *
 * @package Pef_Refunds
 */

namespace Pef_Refunds;

defined( 'ABSPATH' ) || exit;

/**
 * Brings mails, status and failed refunds into line with the record. Everything here can
 * run any number of times.
 */
final class Settling {

	const SWEEP = 'pef_refunds_sweep';

	/**
	 * Orders to look at when this request has done its work.
	 *
	 * @var array<int, int>
	 */
	private static $orders = array();

	/**
	 * Hooks into saves of orders, and into a sweep for what was missed.
	 */
	public static function hook() {
		add_action( 'woocommerce_before_order_object_save', array( self::class, 'before_save' ) );
		add_action( 'shutdown', array( self::class, 'run' ), 5 );
		add_action( self::SWEEP, array( self::class, 'sweep' ) );
		add_action( 'admin_init', array( self::class, 'plan_sweep' ) );
	}

	/**
	 * Keeps the order findable by state, and looks at it when the request has done its work.
	 *
	 * @param \WC_Order $order An order that is about to be saved.
	 */
	public static function before_save( $order ) {
		if ( $order instanceof \WC_Order && $order->meta_exists( Record::KEY ) ) {
			Record::index( $order );
			self::later( $order->get_id() );
		}
	}

	/**
	 * Looks at an order at the end of this request.
	 *
	 * @param int $order_id The order.
	 */
	public static function later( $order_id ) {
		self::$orders[ (int) $order_id ] = (int) $order_id;
	}

	/**
	 * Looks at the orders that were saved.
	 */
	public static function run() {
		$seen = array();
		while ( self::$orders ) {
			$order_id = array_shift( self::$orders );
			if ( ! isset( $seen[ $order_id ] ) ) {
				$seen[ $order_id ] = true;
				self::settle( $order_id );
			}
		}
		Deletion::tell();
	}

	/**
	 * One order.
	 *
	 * @param int $order_id The order.
	 */
	public static function settle( int $order_id ) {
		$order = wc_get_order( $order_id );
		if ( ! $order instanceof \WC_Order || ! Record::of( $order ) || ! Lock::take( 'settle', $order_id ) ) {
			return;
		}
		try {
			foreach ( $order->get_refunds() as $refund ) {
				self::settle_refund( $order, $refund );
			}
			Order_Status::release( wc_get_order( $order_id ) );
			delete_transient( Notices::COUNT );
		} finally {
			Lock::give( 'settle', $order_id );
		}
	}

	/**
	 * Looks hourly, because a process can end between the record and its consequences.
	 */
	public static function plan_sweep() {
		if ( Connection::is_there() && ! as_has_scheduled_action( self::SWEEP ) ) {
			as_schedule_recurring_action( time() + 600, HOUR_IN_SECONDS, self::SWEEP, array(), Deliveries::GROUP );
		}
	}

	/**
	 * Looks at the orders whose mail or status still waits.
	 */
	public static function sweep() {
		foreach ( array(
			Mails::META        => array( 'full', 'partial' ),
			Order_Status::HELD => array( 'refunded' ),
		) as $key => $values ) {
			foreach ( $values as $value ) {
				$waiting = wc_get_orders(
					array(
						'type'       => 'shop_order_refund',
						'limit'      => 200,
						// phpcs:ignore WordPress.DB.SlowDBQuery -- once an hour, in the background.
						'meta_key'   => $key,
						// phpcs:ignore WordPress.DB.SlowDBQuery
						'meta_value' => $value,
					)
				);
				foreach ( $waiting as $refund ) {
					self::later( $refund->get_parent_id() );
				}
			}
		}
		self::run();
	}

	/**
	 * One refund.
	 *
	 * @param \WC_Order        $order  The order.
	 * @param \WC_Order_Refund $refund The refund.
	 */
	private static function settle_refund( $order, $refund ) {
		$state = Record::state_of( $order, $refund->get_id() );
		if ( 'refunded' === $state ) {
			Mails::release( $order, $refund );
		} elseif ( in_array( $state, States::ENDED_UNPAID, true ) && Settings::deletes_failed() && Ours::refund( $refund ) ) {
			self::remove( $order, $refund );
		}
	}

	/**
	 * Takes a refund that paid nothing off the books, as the setting says.
	 *
	 * @param \WC_Order        $order  The order.
	 * @param \WC_Order_Refund $refund The refund.
	 */
	private static function remove( $order, $refund ) {
		$refund_id = $refund->get_id();
		$amount    = wp_strip_all_tags( wc_price( $refund->get_amount(), array( 'currency' => $refund->get_currency() ) ) );
		$before    = (string) $refund->get_meta( Order_Status::BEFORE );
		$refund->delete( true );
		// phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals -- WooCommerce's own action, as in its admin.
		do_action( 'woocommerce_refund_deleted', $refund_id, $order->get_id() );
		Order_Status::undo( wc_get_order( $order->get_id() ), $before );
		/* translators: 1: refund number 2: amount */
		$text = __( 'Refund #%1$d of %2$s was taken off this order, because nothing was paid. Stock that it had put back stays as it is.', 'pef-refunds' );
		$order->add_order_note( esc_html( sprintf( $text, $refund_id, html_entity_decode( $amount, ENT_QUOTES, 'UTF-8' ) ) ) );
	}
}
