<?php
/**
 * Deleting a refund: the service hears, and paid ones are not deleted by accident.
 *
 * @package Pef_Refunds
 */

namespace Pef_Refunds;

defined( 'ABSPATH' ) || exit;

/**
 * Guards refunds whose money has left, and passes every deletion on.
 */
final class Deletion {

	const CONFIRM = 'pef_confirm';

	/**
	 * Refunds that may be deleted in this request although their money has left.
	 *
	 * @var array<int, bool>
	 */
	private static $confirmed = array();

	/**
	 * Refunds that are being deleted, with their orders.
	 *
	 * @var array<int, int>
	 */
	private static $going = array();

	/**
	 * Refunds that were turned away before the service could hear of them.
	 *
	 * @var array<int, bool>
	 */
	private static $untold = array();

	/**
	 * Hooks in before and after.
	 */
	public static function hook() {
		add_action( 'wp_ajax_woocommerce_delete_refund', array( self::class, 'on_pressed' ), 1 );
		add_filter( 'woocommerce_pre_delete_order_refund', array( self::class, 'guard' ), 20, 2 );
		add_filter( 'rest_dispatch_request', array( self::class, 'on_rest' ), 10, 2 );
		add_action( 'woocommerce_before_delete_order', array( self::class, 'on_order' ), 10, 2 );
		add_action( 'shutdown', array( self::class, 'tell' ), 4 );
	}

	/**
	 * The bin on the order screen: refuses with a sentence, before WooCommerce acts.
	 */
	public static function on_pressed() {
		check_ajax_referer( 'order-item', 'security' );
		if ( ! current_user_can( 'edit_shop_orders' ) || ! isset( $_POST['refund_id'] ) ) {
			return;
		}
		$confirmed = isset( $_POST[ self::CONFIRM ] ) && 'paid' === sanitize_key( wp_unslash( $_POST[ self::CONFIRM ] ) );
		foreach ( array_map( 'absint', (array) wp_unslash( $_POST['refund_id'] ) ) as $refund_id ) {
			if ( $confirmed ) {
				self::$confirmed[ $refund_id ] = true;
			} elseif ( self::is_guarded( wc_get_order( $refund_id ) ) ) {
				wp_send_json_error( array( 'error' => self::warning() ), 409 );
			}
		}
	}

	/**
	 * A REST caller confirms with ?pef_confirm=paid.
	 *
	 * @param mixed            $response Nothing, or an answer already.
	 * @param \WP_REST_Request $request  The request, whose sender's rights have been checked.
	 * @return mixed
	 */
	public static function on_rest( $response, $request ) {
		$route = '#\A/wc/v[123]/orders/\d+/refunds/(\d+)\z#';
		if ( 'DELETE' !== $request->get_method() || ! preg_match( $route, $request->get_route(), $found ) ) {
			return $response;
		}
		$refund_id = (int) $found[1];
		if ( 'paid' === $request->get_param( self::CONFIRM ) ) {
			self::$confirmed[ $refund_id ] = true;
		} elseif ( null === $response && self::is_guarded( wc_get_order( $refund_id ) ) ) {
			return new \WP_Error( 'pef_refunds_paid', self::warning(), array( 'status' => 409 ) );
		}
		return $response;
	}

	/**
	 * Refunds go along with their order; that was decided elsewhere.
	 *
	 * @param int                $order_id Not used.
	 * @param \WC_Abstract_Order $order    The order that is being deleted.
	 */
	public static function on_order( $order_id, $order ) {
		if ( $order instanceof \WC_Order ) {
			foreach ( $order->get_refunds() as $refund ) {
				self::$confirmed[ $refund->get_id() ] = true;
			}
		}
	}

	/**
	 * The last gate, for whatever code deletes a refund.
	 *
	 * @param mixed            $check  Nothing, or somebody's no.
	 * @param \WC_Order_Refund $refund The refund.
	 * @return mixed
	 */
	public static function guard( $check, $refund ) {
		if ( null !== $check ) {
			return $check;
		}
		if ( self::is_guarded( $refund ) && ! isset( self::$confirmed[ $refund->get_id() ] ) ) {
			return false;
		}
		if ( $refund->get_id() && ! isset( self::$untold[ $refund->get_id() ] ) && Ours::refund( $refund ) ) {
			self::$going[ $refund->get_id() ] = $refund->get_parent_id();
		}
		return $check;
	}

	/**
	 * A refund that was turned away while it was being made: nobody has heard of it.
	 *
	 * @param int $refund_id The refund.
	 */
	public static function never_told( int $refund_id ) {
		self::$untold[ $refund_id ] = true;
	}

	/**
	 * Tells the service of the refunds that are really gone.
	 */
	public static function tell() {
		foreach ( self::$going as $refund_id => $order_id ) {
			unset( self::$going[ $refund_id ] );
			if ( ! wc_get_order( $refund_id ) ) {
				Deliveries::deliver_deletion( $order_id, $refund_id );
				self::forget( $order_id );
			}
		}
	}

	/**
	 * Takes a deleted refund's state out of what its order is found by.
	 *
	 * @param int $order_id The order.
	 */
	private static function forget( int $order_id ) {
		$order = wc_get_order( $order_id );
		if ( $order instanceof \WC_Order && Record::of( $order ) ) {
			Record::index( $order );
			$order->save_meta_data();
			delete_transient( Notices::COUNT );
		}
	}

	/**
	 * Whether the money of a refund has left, or may have.
	 *
	 * @param mixed $refund Maybe a refund.
	 */
	public static function is_guarded( $refund ): bool {
		if ( ! $refund instanceof \WC_Order_Refund || ! $refund->get_id() ) {
			return false;
		}
		$order = wc_get_order( $refund->get_parent_id() );
		return $order instanceof \WC_Order
			&& in_array( Record::state_of( $order, $refund->get_id() ), States::MONEY_MAY_BE_GONE, true );
	}

	/**
	 * What the owner has to know.
	 */
	public static function warning(): string {
		return __( 'The money of this refund has been paid or is on its way. Deleting it here does not bring it back; the order would only look as if nothing had been paid, and could be refunded once more.', 'pef-refunds' );
	}
}
