<?php
/**
 * "Refund via …": the service is asked before WooCommerce records anything for good.
 *
 * @package Pef_Refunds
 */

namespace Pef_Refunds;

defined( 'ABSPATH' ) || exit;

/**
 * Offers refunds for the chosen methods whose own gateway can't refund. The gateway is
 * left alone: only while one refund is being made a stand-in takes its place.
 */
final class Native_Way {

	/**
	 * The refund that is being made, as WooCommerce holds it.
	 *
	 * @var \WC_Order_Refund|null
	 */
	private static $making = null;

	/**
	 * Hooks in; each function asks itself whether this way was chosen.
	 */
	public static function hook() {
		add_filter( 'woocommerce_payment_gateway_supports', array( self::class, 'offer' ), 20, 3 );
		add_action( 'woocommerce_create_refund', array( self::class, 'stand_in' ), 20, 2 );
		add_action( 'woocommerce_before_order_refund_object_save', array( self::class, 'keep_honest' ) );
	}

	/**
	 * Says "refunds" for a method that has none of its own.
	 *
	 * @param bool                $supports What the gateway says.
	 * @param string              $feature  The feature.
	 * @param \WC_Payment_Gateway $gateway  The gateway.
	 * @return bool
	 */
	public static function offer( $supports, $feature, $gateway ) {
		if ( $supports || 'refunds' !== $feature || ! Settings::native() ) {
			return $supports;
		}
		return in_array( $gateway->id, Settings::payment_methods(), true ) && Connection::is_there();
	}

	/**
	 * Whether "Refund via …" of an order would ask the service.
	 *
	 * @param \WC_Order $order The order.
	 */
	public static function offered_for( $order ): bool {
		$gateway = wc_get_payment_gateway_by_order( $order );
		return Settings::native() && $gateway && ! in_array( 'refunds', (array) $gateway->supports, true )
			&& Ours::order( $order ) && $gateway->can_refund_order( $order );
	}

	/**
	 * Puts the stand-in where WooCommerce will look for the gateway.
	 *
	 * @param \WC_Order_Refund $refund The refund, not saved yet.
	 * @param array            $args   What wc_create_refund was called with.
	 */
	public static function stand_in( $refund, $args ) {
		$order = wc_get_order( $refund->get_parent_id() );
		if ( empty( $args['refund_payment'] ) || ! Settings::native() || ! Ours::order( $order ) ) {
			return;
		}
		$all = WC()->payment_gateways();
		foreach ( $all->payment_gateways as $place => $gateway ) {
			if ( $gateway->id === $order->get_payment_method() && ! in_array( 'refunds', (array) $gateway->supports, true ) ) {
				self::$making                    = $refund;
				$all->payment_gateways[ $place ] = new Refunding_Gateway( $gateway );
			}
		}
	}

	/**
	 * Asks the service about the refund that is being made.
	 *
	 * @param int $order_id The order.
	 * @return true|\WP_Error The error makes WooCommerce delete the refund and show the sentence.
	 */
	public static function ask( $order_id ) {
		self::take_back();
		$refund = self::$making;
		if ( null === $refund || ! $refund->get_id() ) {
			return new \WP_Error( 'pef_refunds', __( 'This refund was not recorded, so it can not be paid.', 'pef-refunds' ) );
		}
		$answer = Deliveries::deliver_refund( (int) $order_id, $refund->get_id() );
		if ( $answer->is_good() && 'refused' === $answer->text( 'outcome' ) ) {
			return new \WP_Error( 'pef_refunds', self::sentence( $answer->text( 'sentence' ) ) );
		}
		if ( $answer->is_refusal() ) {
			return new \WP_Error( 'pef_refunds', self::sentence( $answer->trouble() ) );
		}
		// No answer does not mean that the call did not arrive: the refund stays, and is told again.
		return true;
	}

	/**
	 * Keeps "paid by the gateway" off the refund: no money has moved yet.
	 *
	 * @param \WC_Order_Refund $refund A refund that is about to be saved.
	 */
	public static function keep_honest( $refund ) {
		if ( $refund === self::$making && $refund->get_refunded_payment() ) {
			$refund->set_refunded_payment( false );
		}
	}

	/**
	 * Puts the gateway back.
	 */
	private static function take_back() {
		$all = WC()->payment_gateways();
		foreach ( $all->payment_gateways as $place => $gateway ) {
			if ( $gateway instanceof Refunding_Gateway ) {
				$all->payment_gateways[ $place ] = $gateway->inner();
			}
		}
	}

	/**
	 * The sentence as the refund form shows it, in a browser's alert.
	 *
	 * @param string $said What the service said.
	 */
	private static function sentence( string $said ): string {
		/* translators: %s: why the refund is refused */
		return sprintf( __( 'No refund was recorded. %s', 'pef-refunds' ), wp_strip_all_tags( $said ) );
	}
}
